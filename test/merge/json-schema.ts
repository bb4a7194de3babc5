/** A JSON Schema as far as Troupe's own schemas go. */
interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly oneOf?: readonly Schema[]
  readonly pattern?: string
  readonly minimum?: number
  readonly minItems?: number
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly properties?: Readonly<Record<string, Schema>>
  readonly definitions?: Readonly<Record<string, Schema>>
}

/** Where a value breaks a schema (draft-7, the words Troupe's schemas use); empty when it holds. */
export function violations(schema: unknown, value: unknown): readonly string[] {
  return check({ root: schema as Schema, schema: schema as Schema, value, at: '$' })
}

interface Place {
  readonly root: Schema
  readonly schema: Schema
  readonly value: unknown
  readonly at: string
}

function check(place: Place): readonly string[] {
  const { root, schema, value, at } = place
  if (schema.$ref !== undefined) {
    const target = root.definitions?.[schema.$ref.replace('#/definitions/', '')]
    return target === undefined ? [`${at}: no definition ${schema.$ref}`] : check({ ...place, schema: target })
  }
  if (schema.oneOf !== undefined) {
    const holding = schema.oneOf.filter((one) => check({ ...place, schema: one }).length === 0)
    return holding.length === 1 ? [] : [`${at}: is ${holding.length} of the alternatives`]
  }
  return [...scalar(schema, value, at), ...list(place), ...members(place)]
}

function scalar(schema: Schema, value: unknown, at: string): readonly string[] {
  const types = schema.type === undefined ? null : [schema.type].flat()
  return [
    ...(types === null || types.includes(typeOf(value)) || (types.includes('number') && typeof value === 'number')
      ? []
      : [`${at}: is ${typeOf(value)}`]),
    ...(schema.enum === undefined || schema.enum.includes(value) ? [] : [`${at}: is ${String(value)}`]),
    ...(schema.pattern === undefined || new RegExp(schema.pattern).test(String(value))
      ? []
      : [`${at}: has another form`]),
    ...(schema.minimum === undefined || Number(value) >= schema.minimum ? [] : [`${at}: is too small`]),
  ]
}

function list({ root, schema, value, at }: Place): readonly string[] {
  if (!Array.isArray(value)) return []
  const short = value.length < (schema.minItems ?? 0) ? [`${at}: is too short`] : []
  const { items } = schema
  if (items === undefined) return short
  return [
    ...short,
    ...value.flatMap((item, index) => check({ root, schema: items, value: item, at: `${at}[${index}]` })),
  ]
}

function members({ root, schema, value, at }: Place): readonly string[] {
  if (typeOf(value) !== 'object') return []
  const object = value as Readonly<Record<string, unknown>>
  const { properties = {} } = schema
  return [
    ...(schema.required ?? []).filter((key) => !(key in object)).map((key) => `${at}: lacks ${key}`),
    ...Object.entries(object).flatMap(([key, member]) => {
      const known = properties[key]
      if (known !== undefined) return check({ root, schema: known, value: member, at: `${at}.${key}` })
      return schema.additionalProperties === false ? [`${at}: has ${key}`] : []
    }),
  ]
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
