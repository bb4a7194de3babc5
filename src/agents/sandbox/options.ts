import * as z from 'zod'

const isPort = (port: number): boolean => port >= 1 && port <= 65_535

const host = z
  .string()
  .regex(
    /^(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?$/,
    'must be a host, *.domain for all hosts of a domain, either with :port where it is neither 80 nor 443',
  )
  .refine((written) => isPort(Number(written.split(':')[1] ?? 80)), 'must have a port from 1 to 65535')

/** How an agent's programs may be confined, as a manifest says it. */
export const sandboxOptions = {
  sandbox: z.enum(['none', 'workspace', 'strict']).optional().meta({
    description:
      'How programs are confined (bwrap, Linux): workspace, they write nowhere but in the workspace and a home of their own; strict, they have no network besides but to hosts; none, what they changed outside is reported. Left out: neither. Refused where it does not work.',
  }),
  hosts: z.array(host).min(1).optional().meta({
    description:
      'With sandbox: strict, the hosts that programs may reach, by a proxy: example.com, *.example.com, example.com:8080.',
  }),
}

/** What is wrong with how an agent is to be confined. */
export const sandboxMistakes = (options: Readonly<Record<string, unknown>>): readonly string[] =>
  options['hosts'] !== undefined && options['sandbox'] !== 'strict'
    ? ['hosts are for an agent with sandbox: strict; any other has the whole network']
    : []
