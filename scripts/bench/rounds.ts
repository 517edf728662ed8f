import { messageOf } from '../../src/shared/errors.ts';
import { type Goal, medianOf, type Ratio } from './figure.ts';

/** What is measured side by side, by name, in this order. */
export type Subjects<Report> = Readonly<Record<string, () => Promise<Report>>>;

/**
 * Measures each subject once a round, one after the other, A B C A B C: whatever else slows the machine down for a while
 * slows them all. A subject that fails is left out from then on.
 * @param onFailure receives the reason
 */
export async function measureInRounds<Report>(
  rounds: number,
  subjects: Subjects<Report>,
  onFailure: (failure: string) => void,
): Promise<SideBySide<Report>> {
  const reports = new Map<string, Report[]>(Object.keys(subjects).map((name) => [name, []]));
  const left = new Map(Object.entries(subjects));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of left) {
      try {
        reports.get(name)!.push(await measure());
      } catch (error) {
        left.delete(name);
        onFailure(`${name}: ${messageOf(error)}`);
      }
    }
  }
  return new SideBySide(reports);
}

/** The reports of subjects that were measured in the same rounds. */
export class SideBySide<Report> {
  readonly #reports: ReadonlyMap<string, readonly Report[]>;

  constructor(reports: ReadonlyMap<string, readonly Report[]>) {
    this.#reports = reports;
  }

  /** Of subjects with a report. */
  get names(): readonly string[] {
    return [...this.#reports].filter(([, { length }]) => length > 0).map(([name]) => name);
  }

  all(name: string): readonly Report[] {
    return this.#reports.get(name) ?? [];
  }

  median(name: string, quantity: (report: Report) => number): number {
    return medianOf(this.all(name).map(quantity));
  }

  /**
   * A subject against others, round by round.
   * @param goals by reference, in the order of the result; undefined where the ratio is only reported
   */
  ratios(
    name: string,
    quantity: (report: Report) => number,
    goals: Readonly<Record<string, Goal | undefined>>,
  ): Ratio[] {
    const own = this.all(name).map(quantity);
    return Object.entries(goals).flatMap(([to, goal]) => {
      const theirs = this.all(to).map(quantity);
      const both = own.slice(0, theirs.length);
      if (to === name || both.length === 0) return [];
      const value = medianOf(both.map((mine, round) => mine / theirs[round]!));
      return [{ to, value, ...(goal && { goal }) }];
    });
  }
}
