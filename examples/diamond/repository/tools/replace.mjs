// stands in for an agent: node tools/replace.mjs FILE FROM TO
import { readFileSync, writeFileSync } from 'node:fs'

const [file, from, to] = process.argv.slice(2)
const text = readFileSync(file, 'utf8')
if (!text.includes(from)) throw new Error(`${file} does not hold ${JSON.stringify(from)}`)
writeFileSync(file, text.replace(from, to))
console.log(`replaced ${JSON.stringify(from)} in ${file}`)
