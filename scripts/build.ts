import { execFileSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'

/** Makes dist, which the package ships: Node does not strip types below node_modules. */
rmSync('dist', { recursive: true, force: true })
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
for (const server of ['server.pl', 'forkserver.pl', 'toolserver.pl'])
  copyFileSync(`src/processes/${server}`, `dist/processes/${server}`)
