import { execFileSync } from 'node:child_process'
import './bundle.ts'

/** Makes dist, which the package ships: Node does not strip types below node_modules. */
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
