import { type EndedRehearsal, startRehearsal } from './rehearsal.ts';

/** A whole run on embedded AWS of its own. */
export async function rehearseOnce(profile: object): Promise<EndedRehearsal> {
  const rehearsal = await startRehearsal();
  try {
    return await rehearsal.run(profile);
  } finally {
    await rehearsal.close();
  }
}

/** What else a machine does can only disturb an attempt: the first of so many that was not disturbed, or else the last. */
export async function firstCalm<Outcome>(
  attempts: number,
  attempt: () => Promise<Outcome>,
  isDisturbed: (outcome: Outcome) => boolean,
): Promise<Outcome> {
  let outcome = await attempt();
  for (let made = 1; made < attempts && isDisturbed(outcome); made++) outcome = await attempt();
  return outcome;
}
