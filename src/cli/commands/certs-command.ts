import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { exitCodes } from '../../shared/errors.ts';
import { addStageFlags, type Stage } from '../options/stage-flags.ts';
import type { Finish } from '../run/run-outcome.ts';

export function addCertsCommand(program: Command, finish: Finish): void {
  const certs = program
    .command('certs')
    .description(
      'Make or remove the X.509 certificate that all virtual devices of a stage use if the load profile sets ' +
        'connect.auth to "x509". Its policy allows the client ids and topics of the test. Its key is stored in ' +
        'Secrets Manager only.',
    );
  const create = certs
    .command('create')
    .description('Make the certificate, its IoT policy and its secret: all of it or nothing.');
  addStageFlags(create).action(async (flags: Partial<Stage>) => {
    const { createCertificate } = await import('../run/certificate-request.ts');
    const { certificateId, names } = await createCertificate(required(flags, create));
    process.stdout.write(
      `certificate ${certificateId}\nIoT policy  ${names.policy}\nsecret      ${names.secret}\n`,
    );
    finish(exitCodes.passed);
  });
  const remove = certs
    .command('delete')
    .description('Remove the certificate, its IoT policy and its secret; what does not exist is skipped.');
  addStageFlags(remove).action(async (flags: Partial<Stage>) => {
    const { deleteCertificate } = await import('../run/certificate-request.ts');
    const removed = await deleteCertificate(required(flags, remove), sleep);
    process.stdout.write(
      removed.length === 0 ? 'there was nothing to remove\n' : `removed ${removed.join(', ')}\n`,
    );
    finish(exitCodes.passed);
  });
}

function required({ stage, ...rest }: Partial<Stage>, command: Command): Stage {
  if (stage === undefined) {
    return command.error("error: required option '--stage <stage>' not specified", {
      exitCode: exitCodes.badUsage,
    });
  }
  return { stage, ...rest };
}
