import type { Rule } from '../rule.ts'
import { configuration } from './configuration.ts'
import { correctness } from './correctness.ts'
import { cryptography } from './cryptography.ts'
import { injection } from './injection.ts'

/** Every rule of the family. */
export const javascriptRules: readonly Rule[] = [...injection, ...cryptography, ...configuration, ...correctness]
