import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { openRedactor } from '../src/redaction.ts'
import { formsOf } from '../src/secret-forms.ts'
import { secretsIn } from '../src/secret-values.ts'

const planted = 'k3y/with+odd "signs" ü'

/** What a stream lets pass of pieces. */
function passed(pieces: readonly Uint8Array[], values: readonly string[]): string {
  const stream = openRedactor(values.map((value, at) => ({ name: `S${at}`, value }))).stream()
  return Buffer.concat([...pieces.map((piece) => stream.write(piece)), stream.end()]).toString()
}

void t.test('a secret is hidden wherever a stream is cut', async (t) => {
  const few = fc.constantFrom('a', 'b', 'ab', 'aba')
  const scene = fc.record({
    values: fc.uniqueArray(fc.string({ unit: few, minLength: 6, maxLength: 9 }), { minLength: 1, maxLength: 3 }),
    text: fc.string({ unit: few, maxLength: 60 }),
    cuts: fc.array(fc.nat(60), { maxLength: 6 }),
  })
  fc.assert(
    fc.property(scene, ({ values, text, cuts }) => {
      const bytes = Buffer.from(text)
      const bounds = [0, ...cuts.toSorted((one, other) => one - other), bytes.length]
      const pieces = bounds.slice(1).map((end, at) => bytes.subarray(bounds[at], end))
      const seen = passed(pieces, values)
      if (values.some((value) => seen.includes(value))) return false
      return seen === passed([bytes], values)
    }),
    { numRuns: 500 },
  )
  t.pass()
})

void t.test('what is no secret passes as it is, whatever the bytes', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }), (pieces) => {
      const stream = openRedactor([{ name: 'A', value: '\u0000never-there\u0000' }]).stream()
      const out = Buffer.concat([...pieces.map((piece) => stream.write(piece)), stream.end()])
      return out.equals(Buffer.concat(pieces))
    }),
    { numRuns: 200 },
  )
  t.pass()
})

for (const [how, write] of Object.entries({
  'as it is': (text: string) => text,
  'in JSON': (text: string) => JSON.stringify({ text }),
  'in an address': (text: string) => `https://x/?q=${encodeURIComponent(text)}`,
  'in a form': (text: string) => new URLSearchParams({ q: text }).toString().replace('q=', ''),
  'in base64': (text: string) => Buffer.from(`user:${text}`).toString('base64'),
  'in base64, a byte later': (text: string) => Buffer.from(`user2:${text}`).toString('base64'),
  'in base64 of addresses': (text: string) => Buffer.from(`a:${text}`).toString('base64url'),
  'in hexadecimal': (text: string) => Buffer.from(text).toString('hex').toUpperCase(),
})) {
  void t.test(`a secret is hidden that is written ${how}`, async (t) => {
    const secret = how === 'in a form' ? 'k3y/with+odd signs' : planted
    const written = write(secret)
    const hide = openRedactor([{ name: 'KEY', value: secret }])
    t.match(hide.text(written), '[secret KEY]')
    t.match(passed([Buffer.from(written)], [secret]), '[secret S0]')
  })
}

void t.test('each line of a key of several lines is a secret, but for the first and the last', async (t) => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----'
  const hide = openRedactor([{ name: 'KEY', value: key }])
  t.equal(hide.text('> kqhkiG9w0BAQEF\r\n-----END KEY-----'), '> [secret KEY]\r\n-----END KEY-----')
  t.equal(hide.text(key), '[secret KEY]')
})

void t.test('a line that was cut in the middle of a secret shows no part of it', async (t) => {
  const hide = openRedactor([{ name: 'KEY', value: 'abcdefghijkl' }])
  t.equal(hide.text('token: abcdefgh'), 'token: [secret KEY]')
  t.equal(hide.text('ghijkl is the token'), '[secret KEY] is the token')
  t.equal(hide.text('an abcde'), 'an abcde', 'a few letters tell nothing')
})

void t.test('a value is searched through as a whole, and stays the same where there is nothing', async (t) => {
  const hide = openRedactor([{ name: 'KEY', value: 'abcdefghijkl' }])
  const value = { list: ['x', { 'abcdefghijkl!': 1 }], at: null, when: new Date(0) }
  t.strictSame(hide.value(value), { ...value, list: ['x', { '[secret KEY]!': 1 }] })
  const plain = { list: ['x', { y: 1 }] }
  t.equal(hide.value(plain), plain)
})

void t.test('only what is long enough to be told from other text is a secret', async (t) => {
  const environment = { SHORT: '12345', LONG: '123456', NONE: undefined }
  t.same(secretsIn(['SHORT', 'LONG', 'NONE', 'LONG'], environment), [{ name: 'LONG', value: '123456' }])
  t.ok(formsOf([{ name: 'LONG', value: '123456' }]).every(({ text }) => text.length >= 6))
})

void t.test('keys in files of credentials are secrets, and what only stands beside them is not', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'troupe-secrets-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  const held = {
    access_token: 'eyJhbGciOi.J9xQ-44_zz.aaBBcc',
    issuer: 'https://auth.example.com/oauth/authorize',
    at: '2026-11-26T03:00:00.000Z',
  }
  writeFileSync(join(home, 'auth.json'), JSON.stringify(held))
  const found = (name: string) => secretsIn([name], { HOME: home }).map(({ value }) => value)
  t.same(found('auth.json'), [held.access_token])
  t.same(found('~/auth.json'), [held.access_token])
  t.same(['nosuch.json', '../etc/passwd', '.'].flatMap(found), [])
})
