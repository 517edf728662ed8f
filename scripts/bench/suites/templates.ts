import { measureInProcess, perCpuSecond, type WorkReport } from '../measured-process.ts';
import type { TemplatesSettings } from '../pure/run-templates.ts';
import { measureInRounds } from '../rounds.ts';
import type { Suite } from '../suite.ts';

const runTemplates = new URL('../pure/run-templates.ts', import.meta.url);
const names = { writer: 'compiled template', stringify: 'JSON.stringify' } as const;

export const templates: Suite = {
  name: 'templates',
  about: 'payloads a CPU second: the compiled template, and JSON.stringify of the same fields',
  async run(bench) {
    for (const sizeBytes of [256, 512, 4_096]) {
      const run = (work: TemplatesSettings['work']) => (): Promise<WorkReport> => {
        bench.progress(`${names[work]}, ${sizeBytes} bytes`);
        return measureInProcess(runTemplates, { work, sizeBytes, cpuSeconds: bench.seconds / 4 });
      };
      const measured = await measureInRounds(
        bench.rounds,
        {
          [names.writer]: run('writer'),
          [names.stringify]: run('stringify'),
        },
        bench.skip,
      );
      for (const name of measured.names) {
        bench.report({
          name: `payloads of ${sizeBytes} bytes, five fields and the envelope: ${name}`,
          value: measured.median(name, perCpuSecond),
          unit: '/CPU s',
          ...(name === names.writer && {
            ratios: measured.ratios(name, perCpuSecond, { [names.stringify]: undefined }),
          }),
        });
      }
    }
  },
};
