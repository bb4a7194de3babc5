/** What a tool call is about, in the protocol's words. */
export const toolKinds = [
  'read',
  'edit',
  'delete',
  'move',
  'search',
  'execute',
  'think',
  'fetch',
  'switch_mode',
  'other',
] as const

export type ToolKind = (typeof toolKinds)[number]

/** Kinds whose calls write files at the places that they name. */
export const writes = (kind: ToolKind): boolean => kind === 'edit' || kind === 'delete' || kind === 'move'
