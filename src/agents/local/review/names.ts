/** Names and values that both families of rules look for, as regular expressions of ast-grep (Rust, no look-around). */

/** Ends of names that hold a secret. */
export const secretName = `(?i)(password|passwd|secret|token|api_?key|private_?key|access_?key|secret_?key)["']?$`
/** Names that end like a secret and are none. */
export const harmlessName = `(?i)(page|next|continuation|cancel(lation)?|abort|eof|end|start)_?token["']?$`
/** A string literal that could be a secret: six characters or more, none of them white space or a template's. */
export const secretValue = `^[a-zA-Z]{0,2}["'\`][^\\s"'\`{}<>$]{6,}["'\`]$`
/** Values that stand for a secret without being one: placeholders, names of variables, addresses and paths. */
export const placeholder = [
  `(?i)^[a-z]{0,2}["'\`](your|change|replace|placeholder|example|sample|dummy|fake|mock|test|todo|none|null|undefined|x{3}|\\*{3}|\\.{3}|env:|https?:|/|\\./)`,
  `(?i)^[a-z]{0,2}["'\`](password|passwd|secret|token|bearer|api[_-]?key)["'\`]$`,
  `^[a-zA-Z]{0,2}["'\`]([A-Z][A-Z0-9]*(_[A-Z0-9]+)+|[a-z]+([_-][a-z]+)+)["'\`]$`,
].map((regex) => ({ regex }))

/** Names whose value must not be guessed. */
export const unguessable = `(?i)(token|secret|password|passwd|nonce|salt|otp|session_?id|api_?key|csrf)`
/** Names whose value must be compared in constant time. */
export const comparedInSecret = `(?i)(password|password_?hash|secret|signature|digest|hmac|(auth|session|access|api|csrf|reset)_?token|api_?key)(\\(('hex'|"hex")?\\))?$`
/** A form that asks twice for a new password. */
export const askedTwice = `(?i)(confirm|repeat|again|retype)`

/** Text that begins like a statement of SQL, in capitals: prose seldom does. */
export const sqlInCapitals = `(?s)\\b(SELECT\\b.+\\bFROM|INSERT\\s+INTO|UPDATE\\s+\\S+\\s+SET|DELETE\\s+FROM|DROP\\s+TABLE)\\b`
/** The same in any case, for text that is handed to a database. */
export const sql = `(?is)\\b(select\\b.+\\bfrom|insert\\s+into|update\\s+\\S+\\s+set|delete\\s+from|drop\\s+table)\\b`
