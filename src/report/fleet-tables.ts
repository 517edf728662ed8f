import { actionHeadings, actionRows, carriedOutActions, describeActions } from './action-report.ts';
import { catchUpHeadings, catchUpRows, describeCatchUps } from './catch-up-report.ts';
import { backendHeadings, backendRows, describeDownlink } from './downlink-report.ts';
import { describeDrift, driftHeadings, driftRows } from './drift-text.ts';
import { describeNetworks, networkHeadings, networkRows } from './network-report.ts';
import { describePresence, presenceHeadings, presenceRows } from './presence-report.ts';
import { regionHeadings, regionNotes, regionRows } from './region-table.ts';
import type { Report } from './report-model.ts';
import { describeStorms, stormHeadings, stormRows } from './storm-report.ts';

/** What devices went through beside sending messages, and what changed over the run: one table, for the page and the terminal. */
export interface FleetTable {
  readonly title:
    | 'Regions'
    | 'Actions'
    | 'Storms'
    | 'Commands'
    | 'Catching up'
    | 'Presence'
    | 'Network'
    | 'Drift';
  readonly caption: string;
  /** Of the first column, which names the rows. */
  readonly names: string;
  /** Of the other columns. */
  readonly headings: readonly string[];
  /** A cell for each column. */
  readonly rows: readonly (readonly string[])[];
  /** What to know beside the table, a sentence each. */
  readonly notes: readonly string[];
}

/** Those that a run has. */
export function fleetTablesOf(report: Report): FleetTable[] {
  const actions = carriedOutActions(report.actions);
  const { regions, storms, downlink, catchUps, presence, network, drift, timeline } = report;
  const tables: readonly (FleetTable | undefined)[] = [
    regions && {
      title: 'Regions',
      caption: 'Regions, and what each had of the run',
      names: 'Region',
      headings: regionHeadings,
      rows: regionRows(regions),
      notes: regionNotes,
    },
    actions.length > 0
      ? {
          title: 'Actions',
          caption: 'Actions, and how slices carried them out',
          names: 'Action',
          headings: actionHeadings,
          rows: actionRows(actions, timeline.publishAt),
          notes: describeActions(actions),
        }
      : undefined,
    storms && {
      title: 'Storms',
      caption: 'Devices that a disconnect was for, and how they came back',
      names: 'Storm',
      headings: stormHeadings,
      rows: stormRows(storms),
      notes: describeStorms(storms, timeline.publishAt),
    },
    downlink && {
      title: 'Commands',
      caption: 'Commands by backend, and their deliveries',
      names: 'Backend',
      headings: backendHeadings,
      rows: backendRows(downlink),
      notes: describeDownlink(downlink),
    },
    catchUps && {
      title: 'Catching up',
      caption: 'Devices that came back to their sessions',
      names: 'Group',
      headings: catchUpHeadings,
      rows: catchUpRows(catchUps),
      notes: describeCatchUps(catchUps),
    },
    presence && {
      title: 'Presence',
      caption: 'Connects and disconnects of devices, and the events about them',
      names: 'Group',
      headings: presenceHeadings,
      rows: presenceRows(presence),
      notes: describePresence(presence),
    },
    network && {
      title: 'Network',
      caption: 'Packets of devices in the injected network, and how long it had them',
      names: 'Group',
      headings: networkHeadings,
      rows: networkRows(network),
      notes: describeNetworks(network, report),
    },
    drift && {
      title: 'Drift',
      caption: 'How figures changed over the run, by a line through their values',
      names: 'Figure',
      headings: drift.figures.length === 0 ? [] : driftHeadings,
      rows: driftRows(drift),
      notes: describeDrift(drift),
    },
  ];
  return tables.filter((table) => table !== undefined);
}
