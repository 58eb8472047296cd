import type { Command } from 'commander';
import { buildProgram } from './program.ts';

const INTRODUCTION = `# Command line

\`npm run beepro -- COMMAND\` from the work tree; installed, \`beepro COMMAND\`. Every command takes \`--json\`: one JSON
document on stdout in place of tables and sentences, and on failure \`{ "error": { code, severity, message, cure } }\`
on stderr. Long work writes its progress to stderr. This page is what \`--help\` prints, and a test holds the two
together.
`;

/** `docs/cli.md`: the help of every command, in the program's order. */
export function renderCliPage(): string {
  let text = '';
  const program = buildProgram({
    writeOut: (part) => {
      text += part;
    },
    getOutHasColors: () => false,
  });
  const helpOf = (command: Command): string => {
    text = '';
    command.outputHelp();
    return text.trim();
  };
  const sections = allCommands(program).map(({ path, command }) => {
    const depth = path.length > 2 ? '###' : '##';
    return `${depth} ${path.join(' ')}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`;
  });
  return [INTRODUCTION, ...sections].join('\n');
}

export interface NamedCommand {
  /** `['beepro', 'sector', 'pledge']`. */
  readonly path: readonly string[];
  readonly command: Command;
}

/** The program and every command below it, each before its own. */
export function allCommands(command: Command, above: readonly string[] = []): NamedCommand[] {
  const path = [...above, command.name()];
  return [{ path, command }, ...command.commands.flatMap((child) => allCommands(child, path))];
}
