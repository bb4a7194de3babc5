/** Whether a program may connect to a port of a host. */
export type MayReach = (host: string, port: number) => boolean

const usualPorts: ReadonlySet<number> = new Set([80, 443])

/** What a list of hosts allows: a name, `*.domain` for all below a domain, either with a port. */
export function mayReach(hosts: readonly string[]): MayReach {
  const rules = hosts.map((written) => {
    const [name = '', port] = written.toLowerCase().split(':')
    return { name, port: port === undefined ? null : Number(port) }
  })
  return (host, port) => {
    const asked = host.toLowerCase().replace(/\.$/, '')
    return rules.some(
      (rule) => isNamed(asked, rule.name) && (rule.port === null ? usualPorts.has(port) : rule.port === port),
    )
  }
}

const isNamed = (host: string, name: string): boolean =>
  name.startsWith('*.') ? host.endsWith(name.slice(1)) && host.length > name.length - 1 : host === name
