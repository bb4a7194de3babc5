#!/usr/bin/env node
// plain JavaScript that any Node parses: says what is missing instead of a syntax error, then loads the program
import module from 'node:module'
import { isBuilt } from './is-built.mjs'

const need = 24
if (Number(process.versions.node.split('.')[0]) < need) {
  console.error(`troupe needs Node.js ${need} or newer; this is ${process.version} (${process.execPath}).`)
  console.error('In a checkout, "npm run supervise" uses the Node that "npm ci" put in node_modules/.bin.')
  process.exit(69)
}
module.enableCompileCache?.() // halves the start, and with .ts sources the memory of every worker
// what was built starts sooner; a checkout whose sources have changed since runs these
const program = isBuilt() ? '../dist/cli/main.js' : '../src/cli/main.ts'
const { main } = await import(new URL(program, import.meta.url).href)
process.exitCode = await main(process.argv.slice(2))
