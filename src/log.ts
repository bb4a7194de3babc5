import { destination, multistream, pino, stdSerializers } from 'pino'
import { hideNothing, type Redactor } from './redaction.ts'

/** What happened, for people who look for a fault later. Fields first, then the sentence. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Where a log goes. */
export interface LogOptions {
  /** NDJSON file, made when missing; null for none. */
  readonly file: string | null
  /** Also to standard error, from this level on; null for never. */
  readonly people: 'debug' | 'info' | 'warn' | 'error' | null
  /** What no line may hold; nothing by default. */
  readonly hide?: Redactor
}

/** Opens a log that is written synchronously: what was logged survives even SIGKILL. Secrets by name are redacted to the third level. */
export function openLog({ file, people, hide = hideNothing }: LogOptions): Log {
  const streams = [
    ...(file === null ? [] : [{ level: 'debug' as const, stream: hidden(open({ dest: file, mkdir: true }), hide) }]),
    ...(people === null ? [] : [{ level: people, stream: hidden(open({ dest: 2 }), hide) }]),
  ]
  return pino(
    {
      level: 'debug',
      base: { pid: process.pid },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
      serializers: { err: stdSerializers.err },
    },
    multistream(streams),
  )
}

const hidden = (stream: LogStream, hide: Redactor): Pick<LogStream, 'write'> =>
  hide.isIdle ? stream : { write: (line) => stream.write(hide.text(line)) }

type LogStream = ReturnType<typeof destination>

/** A log that cannot be written, as on a full disk, must not end what is logged. */
function open(where: { readonly dest: string | number; readonly mkdir?: boolean }): LogStream {
  const stream = destination({ ...where, sync: true })
  stream.on('error', () => {})
  return stream
}

const secretNames = ['apiKey', 'token', 'password', 'authorization', 'secret', 'env']
