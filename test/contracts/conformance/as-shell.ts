import { dirname } from 'node:path'
import type { Happening } from './scenes.ts'

const flood = "head -c 20000000 /dev/zero | tr '\\0' y"

/** What happens as lines of a shell script. */
export function asShell(happening: Happening): string {
  if ('provider' in happening) return `echo 'the provider ${happening.provider}' >&2; exit 1`
  switch (happening.does) {
    case 'edit':
      return `mkdir -p '${dirname(happening.file)}'; printf '${happening.text.replace('\n', '\\n')}' > '${happening.file}'`
    case 'say':
      return `echo '${happening.text}'`
    case 'work on':
      return `${happening.deaf ? "trap '' TERM; " : ''}echo 'works on'; while :; do sleep 1; done`
    case 'crash':
      return 'kill -KILL $$'
    case 'flood':
      return `${flood}; echo`
  }
}
