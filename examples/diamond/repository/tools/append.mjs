// stands in for an agent: node tools/append.mjs FILE TEXT
import { appendFileSync } from 'node:fs'

const [file, text] = process.argv.slice(2)
appendFileSync(file, `${text}\n`)
console.log(`appended to ${file}`)
