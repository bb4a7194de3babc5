#!/usr/bin/env node
// plain JavaScript that any Node parses: says what is missing instead of a syntax error, then loads the program
import { isBuilt } from './is-built.mjs'

const need = 24
if (Number(process.versions.node.split('.')[0]) < need) {
  const { continueOnOwnNode, hasOwnNode } = await import('./own-node.mjs')
  if (hasOwnNode()) await continueOnOwnNode()
  console.error(`troupe needs Node.js ${need} or newer; this is ${process.version} (${process.execPath}).`)
  console.error('In a checkout, "npm ci" puts one in node_modules/.bin where there is one for the platform.')
  process.exit(69)
}
if (process.env.TROUPE_OWN_NODE !== undefined) (await import('./own-node.mjs')).endWithStarter()
keepCompiled()
// what was built starts sooner; a checkout whose sources have changed since runs these
const [program, sources] = process.argv[2] === 'fold' ? ['fold-main', 'fold-sources.txt'] : ['main', 'sources.txt']
const place = isBuilt(sources) ? `../dist/cli/${program}.js` : `../src/cli/${program}.ts`
const { main } = await import(new URL(place, import.meta.url).href)
process.exitCode = await main(process.argv.slice(2))

/** Halves the start, and with .ts sources the memory of every worker. */
function keepCompiled() {
  const { existsSync, mkdirSync } = process.getBuiltinModule('node:fs')
  const folder = `${process.getBuiltinModule('node:os').tmpdir()}/node-compile-cache`
  try {
    if (!existsSync(folder)) mkdirSync(folder)
  } catch {
    if (!existsSync(folder)) return // Node would try for ever where nothing can be made and the reason is no lack of permission, as in /proc
  }
  process.getBuiltinModule('node:module').enableCompileCache?.()
}
