import { didYouMean } from './closest.ts'

/** What the variables of a template stand for. */
export interface TemplateValues {
  readonly run: string
  readonly task: string
  readonly verb: string
  readonly agent: string
  readonly attempt: number
  readonly prompt: string
  readonly files: readonly string[]
  /** Summaries of the tasks that are needed, by id. */
  readonly summaries: ReadonlyMap<string, string>
}

/** Where a template stands, and so which variables it may use. */
export interface TemplateScope {
  readonly needs: readonly string[]
  /** A prompt cannot quote itself. */
  readonly withPrompt: boolean
}

type Part = { readonly type: 'text'; readonly text: string } | { readonly type: 'variable'; readonly name: string }

/** What is wrong with a template, one message for each mistake. */
export function templateMistakes(template: string, scope: TemplateScope): readonly string[] {
  const mistakes = partsOf(template)
    .flatMap((part) => (part.type === 'variable' ? [part.name] : []))
    .flatMap((name) => variableMistake(name, scope))
  return isClosed(template) ? mistakes : [...mistakes, '{{ without }}; write {{{{ for two braces']
}

/** The template with its variables filled in; files are joined by spaces. */
export function renderText(template: string, values: TemplateValues): string {
  return partsOf(template)
    .map((part) => (part.type === 'text' ? part.text : valueOf(part.name, values)))
    .join('')
}

/** The arguments filled in; one that is just `{{task.files}}` becomes an argument for each file. */
export function renderArguments(argv: readonly string[], values: TemplateValues): readonly string[] {
  return argv.flatMap((argument) => (isFiles(argument) ? values.files : [renderText(argument, values)]))
}

const isFiles = (argument: string): boolean => /^\{\{\s*task\.files\s*\}\}$/.test(argument)

const token = /\{\{\{\{|\{\{\s*([^{}]*?)\s*\}\}/g

function partsOf(template: string): readonly Part[] {
  const parts: Part[] = []
  let from = 0
  for (const match of template.matchAll(token)) {
    parts.push({ type: 'text', text: template.slice(from, match.index) })
    parts.push(match[1] === undefined ? { type: 'text', text: '{{' } : { type: 'variable', name: match[1] })
    from = match.index + match[0].length
  }
  return [...parts, { type: 'text', text: template.slice(from) }]
}

const isClosed = (template: string): boolean => !template.replaceAll(token, '').includes('{{')

function variableMistake(name: string, { needs, withPrompt }: TemplateScope): readonly string[] {
  const known = [...plainVariables, ...(withPrompt ? ['task.prompt'] : []), ...needs.map((id) => `needs.${id}.summary`)]
  if (known.includes(name)) return []
  if (name === 'task.prompt') return ['a prompt cannot hold itself: {{task.prompt}}']
  const [, id] = /^needs\.(.+)\.summary$/.exec(name) ?? []
  if (id !== undefined) return [`{{${name}}}: ${id} is not among the needs of this task${didYouMean(id, needs)}`]
  const help = didYouMean(name, known) || '; write {{{{ for two braces'
  return [`unknown variable {{${name}}}${help}`]
}

const plainVariables = ['run.id', 'task.id', 'task.verb', 'task.agent', 'task.files', 'task.attempt']

function valueOf(name: string, values: TemplateValues): string {
  switch (name) {
    case 'run.id':
      return values.run
    case 'task.id':
      return values.task
    case 'task.verb':
      return values.verb
    case 'task.agent':
      return values.agent
    case 'task.attempt':
      return String(values.attempt)
    case 'task.prompt':
      return values.prompt
    case 'task.files':
      return values.files.join(' ')
    default:
      // only needs are left of what the check lets pass
      return values.summaries.get(name.slice('needs.'.length, -'.summary'.length)) ?? ''
  }
}
