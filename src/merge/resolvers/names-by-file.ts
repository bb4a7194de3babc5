/** What gives a name only in some files. */
interface OwnNames {
  readonly files: RegExp
  readonly patterns: readonly RegExp[]
  /** What follows such a line is about another thing. */
  readonly until?: RegExp
  readonly isCaseIgnored?: boolean
}

/** Names that lines give to something as is done only in files like this one. */
export function namesByFile(lines: readonly string[], path: string): readonly string[] {
  const own = all.find(({ files }) => files.test(path))
  if (own === undefined) return []
  const end = lines.findIndex((line) => own.until?.test(line))
  const said = end === -1 ? lines : lines.slice(0, end)
  const names = said.flatMap((line) => own.patterns.flatMap((pattern) => pattern.exec(line)?.[1] ?? []))
  return own.isCaseIgnored === true ? names.map((name) => name.toLowerCase()) : names
}

/** A name and its type, where the name is no word that begins a statement or a constraint. */
const column =
  /^\s*(?!(?:create|alter|drop|add|insert|update|delete|select|set|use|grant|primary|foreign|unique|constraint|check|key|index|comment|on|values)\b)["`[]?(\w+)["`\]]?\s+[a-z]\w*(?=[\s(,;]|$)/i
const addedTo =
  /^\s*alter\s+table\s+((?:if\s+exists\s+|only\s+)*\S+\s+add\s+(?:column\s+)?(?:if\s+not\s+exists\s+)?["`[]?\w+)/i
const added = /^\s*add\s+column\s+(?:if\s+not\s+exists\s+)?["`[]?(\w+)/i
const created =
  /^\s*create\s+(?:or\s+replace\s+)?(?:\w+\s+){0,2}?(?:table|view|index|type|function|procedure|trigger|sequence|schema)\s+(?:if\s+not\s+exists\s+)?["`[]?([\w.]+)/i

const all: readonly OwnNames[] = [
  { files: /\.(?:sql|ddl)$/i, patterns: [column, addedTo, added, created], isCaseIgnored: true },
  // of these only the last one of a stage counts
  {
    files: /(?:^|[/.])(?:dockerfile|containerfile)(?:\.|$)/i,
    patterns: [/^\s*(CMD|ENTRYPOINT|HEALTHCHECK|STOPSIGNAL|USER|WORKDIR)\s/],
    until: /^\s*FROM\s/,
  },
  // a variable in a list
  { files: /\.ya?ml$/i, patterns: [/^\s*-\s+["']?([A-Z_][A-Z\d_]*)=/] },
  // what an arm is taken for
  { files: /\.kts?$/i, patterns: [/^\s*((?:is\s+)?(?:"[^"]*"|[\w.']+))\s*->/] },
  { files: /\.java$/i, patterns: [/^\s*(case\s+(?:"[^"]*"|[\w.']+))\s*->/] },
  // of one kind of elements each has another of these
  {
    files: /\.(?:\w+proj|props|targets|xml|x?html?|xaml|resx|svg|vue)$/i,
    patterns: [/^\s*<([\w:.-]+\s(?:[^<>]*\s)?(?:Include|name|id|key|x:\w+)="[^"]*)"/, /^\s*<(title|base)\b/],
  },
  // what says what a thing is
  { files: /\.pyi?$/i, patterns: [/^\s*[rR]?("{3}|'{3})/] },
]
