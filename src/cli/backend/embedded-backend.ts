import { setTimeout as sleep } from 'node:timers/promises';
import { clearTokenNote } from '../../aws/clear-token.ts';
import { type EmbeddedAwsBrokenError, startEmbeddedAws } from '../../embedded/process/start-embedded-aws.ts';
import { otherUsersNote } from '../../embedded/s3/runs-storage.ts';
import type { KernelSetting } from '../../profile/kernel-network.ts';
import type { FaultSettings } from '../../profile/service-faults.ts';
import { StampedeError } from '../../shared/errors.ts';
import { readInfluxServer } from '../../worker/environment.ts';
import type { Emulation } from '../options/emulation-flags.ts';
import type { EmbeddedQuotas } from '../options/quota-flags.ts';
import { connectBackend } from './attached-backend.ts';
import type { Backend, OpenRequest } from './backend.ts';

export interface EmbeddedOptions {
  readonly runsDirectory: string;
  /** In place of AWS's defaults. */
  readonly quotas?: EmbeddedQuotas;
  readonly emulation?: Emulation;
  /** Of embedded IoT Core, from its start. */
  readonly faults?: Partial<FaultSettings>;
  /** What the kernel makes of the devices' network, in namespaces. */
  readonly kernelNetwork?: readonly KernelSetting[];
}

/** Longest time between a call that fails because a process ended, and the event that reports that end. */
const exitNoticeMs = 1_000;

/** Embedded AWS, started by this process, until it is closed. */
export async function startEmbeddedBackend(
  { runsDirectory, quotas, emulation, faults, kernelNetwork }: EmbeddedOptions,
  { say, quit, variables, payloads, signing }: OpenRequest,
): Promise<Backend> {
  const influx = readInfluxServer(process.env);
  const note = clearTokenNote(influx?.url);
  if (note !== undefined) say(note);
  const aws = await startEmbeddedAws({
    runsDirectory,
    ...quotas,
    ...emulation,
    parameters: { payloads, ...emulation?.parameters },
    ...(faults === undefined ? {} : { faults }),
    ...(influx === undefined ? {} : { influx }),
    ...(kernelNetwork && { kernelNetwork }),
    passedVariables: variables,
    ...(signing && { signing }),
  });
  quit.addEventListener('abort', () => aws.kill());
  const modeNote = otherUsersNote(runsDirectory);
  if (modeNote !== undefined) say(modeNote);
  aws.onTrouble(say);
  const backend = connectBackend(aws, runsDirectory);
  return {
    ...backend,
    logs: aws.logDirectory,
    async guard(runId, work) {
      const cut = (error: EmbeddedAwsBrokenError): never => {
        throw cutOff(error, backend.argumentsOf(runId));
      };
      return Promise.race([work, aws.broken.then(cut)]).catch(async (error: unknown) => {
        // A call that failed may be the first sign of it.
        const broken = await Promise.race([aws.broken, sleep(exitNoticeMs)]);
        if (broken !== undefined) cut(broken);
        throw error;
      });
    },
    close: () => aws.close(),
  };
}

/** The error of a run whose embedded AWS ended, with the command that makes a report of what is stored. */
function cutOff({ message, hint }: EmbeddedAwsBrokenError, reportArguments: string): StampedeError {
  const [runId] = reportArguments.split(' ');
  return new StampedeError('RunCutOff', `${message}, and run ${runId} with it`, {
    hint: `a report of what slices and readers had stored by then: npx stampede report ${reportArguments}; ${hint}`,
  });
}
