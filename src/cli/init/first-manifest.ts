/** What a first manifest is made for. */
export interface FirstManifestParts {
  /** Source files to begin with; may be empty. */
  readonly files: readonly string[]
  /** A line for sh that runs the tests. */
  readonly check: string
  /** Lock files, each with a line for sh that makes it anew. */
  readonly locks: readonly (readonly [path: string, command: string])[]
}

/** A commented manifest that is valid as it stands and needs no key, no network and no model. */
export function firstManifest({ files, check, locks }: FirstManifestParts): string {
  return `# What Troupe is to do here. "troupe plan troupe.yaml" shows it without starting anything.
# "troupe schema" prints the JSON Schema of this file, for editors.
version: 1
concurrency: 4 # attempts at once

# Ways of doing work. "local" and "command" need not be declared.
# agents:
#   coder:
#     kind: command
#     argv: [codex, exec, --full-auto, '{{task.prompt}}'] # any program that works in the current folder

tasks:
  # "local" works by fixed rules: review looks, docs writes reference pages, test writes smoke tests.
  - id: review
    agent: local
    verb: review
    prompt: security issues
    files: ${list(files)}
${docsTask(files)}
  # A task of your own: any command, or a prompt for an agent declared above.
  # - id: implement
  #   agent: coder
  #   prompt: Handle empty input in {{task.files}}.
  #   files: ${list(files.slice(0, 1))}
  #   needs: [review]    # starts when these have succeeded, from what they changed
  #   timeout: 10m
  #   retries: 1

# Commands that the merged result must pass before it is called good.
# check:
#   - { name: tests, run: ${JSON.stringify(check)}, timeout: 10m }
${locksPart(locks)}`
}

function locksPart(locks: FirstManifestParts['locks']): string {
  if (locks.length === 0) return ''
  const lines = locks.map(([path, command]) => `#     ${JSON.stringify(path)}: ${JSON.stringify(command)}\n`)
  return `
# Lock files are made anew, never merged, where several tasks have changed them.
# merge:
#   regenerate:
${lines.join('')}`
}

function docsTask(files: readonly string[]): string {
  if (files.length === 0) return ''
  return `
  - id: docs
    agent: local
    verb: docs
    files: ${list(files)}
`
}

/** A flow list; a path in double quotes means the same in JSON and YAML. */
const list = (files: readonly string[]): string => `[${files.map((file) => JSON.stringify(file)).join(', ')}]`
