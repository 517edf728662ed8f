import type { Command } from 'commander';
import type { LoadPage } from './run/live-page.ts';
import type { Finish } from './run/run-outcome.ts';

/** A command as `--help` lists it. Its module, and all that it imports, is loaded only when it is used. */
export interface CommandEntry {
  readonly name: string;
  /** What follows the name in the list. */
  readonly usage: string;
  readonly summary: string;
  load(): Promise<(program: Command, finish: Finish, loadPage: LoadPage) => void>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    usage: '[options] [folder]',
    summary: 'put a load profile and a deployable stack into a folder',
    load: async () => (await import('./commands/init-command.ts')).addInitCommand,
  },
  {
    name: 'plan',
    usage: '[options] <profile>',
    summary: 'show what a load profile becomes, without running it',
    load: async () => (await import('./commands/plan-command.ts')).addPlanCommand,
  },
  {
    name: 'run',
    usage: '[options] [profile]',
    summary: 'run a load profile, on embedded AWS or on a deployed stack, and report',
    load: async () => (await import('./commands/run-command.ts')).addRunCommand,
  },
  {
    name: 'search',
    usage: '[options] [profile]',
    summary: 'find the highest load at which a profile’s thresholds hold',
    load: async () => (await import('./commands/search-command.ts')).addSearchCommand,
  },
  {
    name: 'watch',
    usage: '[options] <run>',
    summary: 'follow a run that another process started, or that runs on AWS',
    load: async () => (await import('./commands/watch-command.ts')).addWatchCommand,
  },
  {
    name: 'stop',
    usage: '[options] <run>',
    summary: 'stop a run that another process started, or that runs on AWS',
    load: async () => (await import('./commands/stop-command.ts')).addStopCommand,
  },
  {
    name: 'set',
    usage: '[options] <run> <setting...>',
    summary: 'change load, devices or faults of a run while it goes on',
    load: async () => (await import('./commands/set-command.ts')).addSetCommand,
  },
  {
    name: 'report',
    usage: '[options] [run]',
    summary: 'show the report of a run, or make it',
    load: async () => (await import('./commands/report-command.ts')).addReportCommand,
  },
  {
    name: 'compare',
    usage: '[options] [run...]',
    summary: 'compare runs with earlier ones, or find where a history changed',
    load: async () => (await import('./commands/compare-command.ts')).addCompareCommand,
  },
  {
    name: 'history',
    usage: '[options] [run...]',
    summary: 'list runs with their figures, and where these changed',
    load: async () => (await import('./commands/history-command.ts')).addHistoryCommand,
  },
  {
    name: 'ui',
    usage: '[options]',
    summary: 'open the page: past runs, comparisons, a form to start one',
    load: async () => (await import('./commands/ui-command.ts')).addUiCommand,
  },
  {
    name: 'embedded',
    usage: '[options]',
    summary: 'keep embedded AWS running, for other tools',
    load: async () => (await import('./commands/embedded-command.ts')).addEmbeddedCommand,
  },
  {
    name: 'deploy',
    usage: '[flags]',
    summary: 'create or update the stack on AWS',
    load: async () => (await import('./commands/deploy-command.ts')).addDeployCommand,
  },
  {
    name: 'remove',
    usage: '[flags]',
    summary: 'remove the stack from AWS, with its run store',
    load: async () => (await import('./commands/deploy-command.ts')).addRemoveCommand,
  },
  {
    name: 'certs',
    usage: '',
    summary: 'make, or remove, the fleet certificate of a stage',
    load: async () => (await import('./commands/certs-command.ts')).addCertsCommand,
  },
];
