import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { LockFile } from './licences.ts';

// npm run sbom: the software bill of materials of the production dependencies, for all platforms, CycloneDX on stdout.
// `npm sbom --omit dev` leaves out what a development tool needs too, even if production needs it; and it marks a
// package of one version as for development if any of its copies is. The lock file lists each copy.

interface Component {
  /** `name@version` */
  readonly 'bom-ref': string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

interface BillOfMaterials {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

function productionOf(bill: BillOfMaterials, { packages }: LockFile): BillOfMaterials {
  const kept = new Set([bill.metadata.component['bom-ref']]);
  for (const [place, { name, version, dev }] of Object.entries(packages)) {
    if (place !== '' && dev !== true) kept.add(`${name ?? place.split('node_modules/').at(-1)}@${version}`);
  }
  return {
    ...bill,
    components: bill.components
      .filter((component) => kept.has(component['bom-ref']))
      .map(({ properties = [], ...component }) => ({
        ...component,
        properties: properties.filter(({ name }) => name !== 'cdx:npm:package:development'),
      })),
    dependencies: bill.dependencies
      .filter(({ ref }) => kept.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) })),
  };
}

const text = execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'], {
  encoding: 'utf8',
  maxBuffer: 64 * 1_024 * 1_024,
  // npm is a batch file there.
  shell: process.platform === 'win32',
});
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as LockFile;
process.stdout.write(`${JSON.stringify(productionOf(JSON.parse(text) as BillOfMaterials, lock), null, 2)}\n`);
