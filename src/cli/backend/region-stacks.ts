import type { DeployedStack } from '../../aws/find-stack.ts';
import type { AccountView } from '../../plan/account.ts';
import { exitCodes, type InputError, messageOf, StampedeError } from '../../shared/errors.ts';
import type { OpenStack } from './stack-backend.ts';

/** The stack of one Region, with what a plan needs to know of it. */
export interface RegionStack {
  readonly name: string;
  readonly open: OpenStack;
  readonly endpoint: string;
  readonly account: AccountView;
}

/** Regions in which a run cannot take place: nothing was started in any. */
export class RegionsNotReadyError extends StampedeError {
  readonly errors: readonly InputError[];

  constructor(errors: readonly InputError[]) {
    const lines = errors.map(
      ({ path, message, hint }) => `  ${path}: ${message}${hint === undefined ? '' : `\n    → ${hint}`}`,
    );
    super('RegionsNotReady', ['Nothing was started. Not every Region is ready:', ...lines].join('\n'), {
      exitCode: exitCodes.badUsage,
    });
    this.errors = errors;
  }
}

/**
 * Opens the stack of each Region, and compares versions: one plan is carried out by all.
 * @param open the stack of a Region
 * @param version that each has to be of; undefined: any, for a run that has begun
 * @throws RegionsNotReadyError with every Region whose stack is missing, not ready or of another version
 */
export async function openRegionStacks(
  names: readonly string[],
  open: (name: string) => Promise<OpenStack>,
  version: string | undefined,
): Promise<readonly RegionStack[]> {
  const errors: InputError[] = [];
  const refuse = (name: string, message: string, hint?: string): unknown =>
    errors.push({ path: `regions.${name}`, message, ...(hint !== undefined && { hint }) });
  const opened = await Promise.all(
    names.map(async (name): Promise<RegionStack | undefined> => {
      try {
        const stack = await open(name);
        const difference = describeVersion(stack.stack, version);
        if (difference !== undefined) {
          refuse(name, difference, `npx stampede deploy --stage ${stack.stack.stage} --region ${name}`);
          return undefined;
        }
        const endpoint = await stack.endpoint();
        return { name, open: stack, endpoint, account: await stack.account(endpoint) };
      } catch (error) {
        refuse(name, messageOf(error), error instanceof StampedeError ? error.hint : undefined);
        return undefined;
      }
    }),
  );
  if (errors.length > 0)
    throw new RegionsNotReadyError(
      errors.toSorted((a, b) => names.indexOf(nameIn(a)) - names.indexOf(nameIn(b))),
    );
  return opened.flatMap((stack) => stack ?? []);
}

const nameIn = ({ path }: InputError): string => path.replace('regions.', '');

function describeVersion({ name, version }: DeployedStack, own: string | undefined): string | undefined {
  if (own === undefined || version === own) return undefined;
  const deployed = version === undefined ? 'an earlier Stampede' : `Stampede ${version}`;
  return `stack ${name} was deployed by ${deployed}, and this is Stampede ${own}`;
}
