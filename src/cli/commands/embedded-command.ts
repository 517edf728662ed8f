import type { Command } from 'commander';
import type { EmbeddedAwsOptions } from '../../embedded/process/start-embedded-aws.ts';
import { otherUsersNote } from '../../embedded/s3/runs-storage.ts';
import { exitCodes } from '../../shared/errors.ts';
import { quoteForShell } from '../../shared/quote-for-shell.ts';
import { addEmulationFlags, type EmulationFlags, emulationOf } from '../options/emulation-flags.ts';
import { addFaultFlag, type FaultFlag, faultSettingsOf } from '../options/fault-flag.ts';
import { addNetemFlag, kernelNetworkOf, type NetemFlag } from '../options/netem-flag.ts';
import { addQuotaFlags, embeddedQuotasOf, type QuotaFlags } from '../options/quota-flags.ts';
import { print } from '../output/printable.ts';
import { aborted, catchInterrupts } from '../run/interrupts.ts';
import type { Finish } from '../run/run-outcome.ts';

export function addEmbeddedCommand(program: Command, finish: Finish): void {
  const command = program
    .command('embedded')
    .description(
      'Start embedded AWS (IoT Core over MQTT and HTTPS, Step Functions, Lambda, S3, CloudWatch, Service Quotas ' +
        'and InfluxDB’s write API, on loopback) and keep it until Ctrl-C. Prints the variables with which the ' +
        'AWS CLI, SDKs and MQTT clients find it.',
    )
    .option('--runs <dir>', 'directory of the run store', 'runs');
  addEmulationFlags(addQuotaFlags(addNetemFlag(addFaultFlag(command))))
    .addHelpText(
      'after',
      '\nIn a second terminal, after pasting the printed lines:\n' +
        '  aws stepfunctions start-execution --state-machine-arn $STATE_MACHINE_ARN \\\n' +
        '    --input file://profiles/smoke.json',
    )
    .action(
      async ({
        runs,
        ...flags
      }: { readonly runs: string } & QuotaFlags & EmulationFlags & FaultFlag & NetemFlag) => {
        await keepEmbeddedAws({
          runsDirectory: runs,
          ...embeddedQuotasOf(flags),
          ...emulationOf(flags),
          ...(await faultSettingsOf(flags)),
          ...(await kernelNetworkOf(flags)),
        });
        finish(exitCodes.passed);
      },
    );
}

async function keepEmbeddedAws(options: EmbeddedAwsOptions): Promise<void> {
  const interrupts = catchInterrupts();
  const { startEmbeddedAws } = await import('../../embedded/process/start-embedded-aws.ts');
  const aws = await startEmbeddedAws(options);
  const note = otherUsersNote(options.runsDirectory);
  if (note !== undefined) print(process.stderr, `${note}\n`);
  interrupts.quit.addEventListener('abort', () => aws.kill());
  const variables = {
    ...aws.environment,
    STATE_MACHINE_ARN: aws.stateMachineArn,
    ADMIN_URL: aws.adminUrl,
    ADMIN_TOKEN: aws.adminToken,
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
  print(process.stdout, `${lines.join('\n')}\n`);
  print(
    process.stderr,
    '\nembedded AWS is running; Ctrl-C ends it. Faults: curl -H "Authorization: Bearer $ADMIN_TOKEN" $ADMIN_URL/faults\n',
  );
  const broken = await Promise.race([aws.broken, aborted(interrupts.stop)]);
  await aws.close();
  if (broken !== undefined) throw broken;
}
