#!/usr/bin/env node
// plain JavaScript that any Node parses: says what is missing instead of a syntax error, then loads the program
import { existsSync } from 'node:fs'
import module from 'node:module'

const need = 24
if (Number(process.versions.node.split('.')[0]) < need) {
  console.error(`troupe needs Node.js ${need} or newer; this is ${process.version} (${process.execPath}).`)
  console.error('In a checkout, "npm run supervise" uses the Node that "npm ci" put in node_modules/.bin.')
  process.exit(69)
}
module.enableCompileCache?.() // halves the start, and with .ts sources the memory of every worker
const source = new URL('../src/cli/main.ts', import.meta.url)
const built = new URL('../dist/cli/main.js', import.meta.url)
const { main } = await import((existsSync(source) ? source : built).href)
process.exitCode = await main(process.argv.slice(2))
