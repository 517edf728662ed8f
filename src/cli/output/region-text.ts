import type { RunPreflight } from '../../plan/run-preflight.ts';
import {
  formatPerSecond,
  formatPlural,
  formatQuantity,
  formatShare,
  formatUsd,
} from '../../shared/format.ts';
import { row } from './plan-text-rows.ts';

/** What a plan comes to in each of its Regions, a line each; none of a plan in one. */
export function renderRegions({ regions = [], cost }: RunPreflight): string[] {
  const lines = regions.map(({ name, devices, slices, peakPerSecond, binding, totalUsd }) => {
    const nearest = `${binding.name} ${formatQuantity(binding.peak, binding.unit)} of ${formatQuantity(binding.limit, binding.unit)}, ${formatShare(binding.headroom)} left`;
    return `${name}: ${formatPlural(devices, 'device')} in ${formatPlural(slices, 'slice')}, up to ${formatPerSecond(peakPerSecond)}, ${formatUsd(totalUsd)}; nearest quota: ${nearest}`;
  });
  if (lines.length === 0) return [];
  return [
    ...lines.map((line, i) => row(i === 0 ? 'Regions' : '', line)),
    row('', `prices are those of ${cost.region} in every Region: others cost up to half more`),
  ];
}
