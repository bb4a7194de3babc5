import { type Command, Option } from 'commander'

/** Describes `troupe fold` and returns the program that it belongs to. */
export function describeFold(program: Command, action: (...given: unknown[]) => Promise<void>): Command {
  program
    .command('fold')
    .description('for programs: fold commits of one base into one tree; one line of JSON')
    .argument('<repository>', 'also a bare one')
    .argument('<base>', 'commit id')
    .argument('<side...>', 'ids of commits whose only parent is the base')
    .addOption(
      new Option('--grade <grade>', 'how far resolvers are trusted')
        .choices(['certain', 'likely', 'checked'])
        .default('likely'),
    )
    .action(action)
  return program
}
