import { writeFileSync } from 'node:fs'
import { kinds } from '../src/agents/registry.ts'
import { manifestJsonSchema } from '../src/plan/schema.ts'

/** Writes schema/manifest.schema.json from src/plan/schema.ts and the kinds of agents; a test holds it to them. */
writeFileSync('schema/manifest.schema.json', `${JSON.stringify(manifestJsonSchema(kinds), null, 2)}\n`)
