import type { FileFacts } from './file-facts.ts'
import { namesByFile } from './names-by-file.ts'
import { outermostIn } from './outermost-lines.ts'

/** Names that lines give to something, at their outermost level: what is inside may be called alike. */
export function declaredIn(lines: readonly string[], { path, language }: FileFacts): readonly string[] {
  const members = hasMembersBehindType.test(path) ? [memberBehindType] : []
  const patterns = [...declarations, ...members, language === 'go' ? beforeType : behindType]
  const outermost = outermostIn(lines)
  const names = outermost
    .filter((line) => !branch.test(line))
    .flatMap((line) => patterns.flatMap((pattern) => [...line.matchAll(pattern)].map(([, name = '']) => name)))
  return [...names, ...namesByFile(outermost, path)]
}

/** What has a colon behind it and is no name. */
const branch = /^\s*(?:else|try|finally|except|default|public|protected|private)\s*:/

/** How a line gives a name to something, whatever its language. */
const declarations: readonly RegExp[] = [
  /\b(?:function|class|def|func|fun|let|var|val|type|interface|enum|fn|struct)\s+(?:mut\s+)?(?:\([^)]*\)\s*)?([\w$]+)/g,
  // `const LIMIT`, not the type in `const char *name`
  /\bconst\s+([\w$]+)(?![\w$]|::|\s+[\w$*&])/g,
  /^\s*#\s*define\s+(\w+)/g,
  // a key, or a name that gets a value: neither `Kind::A` nor `validates :name` begins with one
  /^\s*["']?([\w$.-]+)["']?\??(?:\s*(?:=(?!=)|:=|[=~<>]=)|:(?![:=])|\s+:(?=\s|$))/g,
  // what is said first to a call that makes something known: `add_argument("--limit", …)`, `.get('/users', …)`
  /^\s*(\.?(?:[\w$]+\.)*[\w$]+\(\s*(?:"[^"]+"|'[^']+'))\s*,/g,
  // what an arm is taken for
  /^\s*([\w$.:-]+(?:\([^)]*\))?)\s*=>/g,
  /^\s*((?:"[^"]*"|[^\s()"'])+)\)(?=\s)/g, // of a shell's case
  /^\s*(case\s+(?:::|"[^"]*"|'[^']*'|[^\s:"'])+)\s*:/g,
]

/** A name behind its type, or behind what else is said of it. */
const behindType =
  /^\s*(?:[\w$][\w$<>,.:?[\]]*[ \t*&]+)+([\w$]+)\s*(?:\[[^\]]*\]\s*)*(?:;\s*(?:\/[/*].*)?$|:=|=(?![=>~]))/g

/** `C Kind = 3` */
const beforeType = /^\s*([\w$]+)\s+[\w$.*[\]]+\s*=(?!=)/g

/** Languages in which a function or a property is a name behind its type. */
const hasMembersBehindType = /\.(?:c|h|cc|cpp|cxx|hpp|hh|cs|java)$/i

/** `int size(…)`, `public int Limit { get; }` */
const memberBehindType =
  /^\s*(?!(?:else|return|new|throw|case|goto|delete|using|co_\w+|await)\b)(?:[\w$][\w$<>,.:?[\]]*[ \t*&]+)+([\w$]+)\s*(?:\(|\{\s*(?:get|set|init)\b)/g
