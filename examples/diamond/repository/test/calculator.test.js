import assert from 'node:assert/strict'
import test from 'node:test'
import { evaluate } from '../src/evaluate.js'
import { format } from '../src/format.js'

test('adds and multiplies', () => {
  assert.equal(evaluate('1 + 2 * 3'), 9)
})

test('prints a number', () => {
  assert.match(format(1), /^1/)
})
