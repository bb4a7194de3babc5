import type { Family } from '../grammar.ts'
import { javascriptRules } from './javascript/rules.ts'
import { pythonRules } from './python/rules.ts'
import type { Rule } from './rule.ts'

/** Every rule of the local agent, by the languages it is for. */
export const rules: Readonly<Record<Family, readonly Rule[]>> = { python: pythonRules, javascript: javascriptRules }
