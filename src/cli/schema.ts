import { kinds } from '../agents/registry.ts'
import { exitCodes } from '../errors.ts'
import { manifestJsonSchema } from '../plan/schema.ts'
import type { CommonOptions, Terminal } from './terminal.ts'

/** `troupe schema`: the JSON Schema of a manifest, for editors. */
export async function schemaCommand(
  terminal: Terminal,
  _input: { readonly arguments: readonly string[]; readonly options: CommonOptions },
): Promise<number> {
  terminal.print(JSON.stringify(manifestJsonSchema(kinds), null, 2))
  return exitCodes.ok
}
