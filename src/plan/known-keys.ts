import * as z from 'zod'
import { isRecord } from './loose.ts'
import type { Path } from './places.ts'

/** The keys that a schema knows for the mapping at `path` of a document; of alternatives, all of theirs. */
export function knownKeys(schema: unknown, document: unknown, path: Path): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return knownKeys(schema.unwrap(), document, path)
  if (schema instanceof z.ZodDiscriminatedUnion) return knownKeys(meant(schema, document), document, path)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => knownKeys(option, document, path))
  const [step, ...rest] = path
  if (step === undefined) return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  return knownKeys(schemaBelow(schema, String(step)), valueBelow(document, step), rest)
}

function schemaBelow(schema: unknown, key: string): unknown {
  if (schema instanceof z.ZodObject) return (schema.shape as Readonly<Record<string, unknown>>)[key]
  if (schema instanceof z.ZodRecord) return schema.valueType
  return schema instanceof z.ZodArray ? schema.element : null
}

function valueBelow(document: unknown, step: PropertyKey): unknown {
  if (Array.isArray(document)) return (document as readonly unknown[])[Number(step)]
  return isRecord(document) ? document[String(step)] : undefined
}

/** The alternative that the document chooses by its kind. */
function meant({ options, def }: z.ZodDiscriminatedUnion, document: unknown): unknown {
  const written = isRecord(document) ? document[def.discriminator] : undefined
  return options.find((option) => {
    const chosen = option instanceof z.ZodObject ? option.shape[def.discriminator] : null
    return chosen instanceof z.ZodLiteral && chosen.value === written
  })
}
