import type { FleetTotals } from '../../live/live-fleet.ts';
import type { RunView } from '../../live/run-in-progress.ts';
import type { PlannedCommands } from '../../plan/planned-commands.ts';
import type { HoldTexts } from '../../report/describe-hold.ts';
import type { WordForDue } from '../../report/ledger-equations.ts';
import type { LiveMessages } from '../../report/plots/ledger-flow.ts';
import type { PlotMark } from '../../report/plots/marks.ts';
import type { TargetPoint } from '../../report/plots/rate-plot.ts';
import type { TimeFrame } from '../../report/plots/time-axis.ts';
import type { Verdict } from '../../report/report-model.ts';

/** Data that the server sends to a page that watches a run, by the name of the server-sent event. */
export interface PageEvents {
  /** As soon as the plan is made, and again when actions have changed its rates. */
  readonly plan: PlanOnPage;
  /** Each second. */
  readonly view: ViewOnPage;
  /** Once, at the end. */
  readonly ended: EndOnPage;
}

export interface PlanOnPage {
  /** From the first connect to the end of the drain. */
  readonly frame: TimeFrame;
  readonly target: readonly TargetPoint[];
  readonly devices: number;
  readonly slices: number;
  readonly messages: number;
  /** What messages that are due are called. */
  readonly due: WordForDue;
  /** Whether publishes are acknowledged at all. */
  readonly acknowledged: boolean;
  /** Whether any observer sees messages arrive. */
  readonly hasArrivals: boolean;
  readonly secondsPerStep: number;
  readonly quotas: readonly QuotaOnPage[];
  readonly controls: ControlsOnPage;
  /** Absent: no group is a backend. */
  readonly commands?: PlannedCommands;
  /** Whether a group observes the presence of the others. */
  readonly observesPresence: boolean;
  /** In the profile's order; empty where it names no groups. */
  readonly groups: readonly GroupOnPage[];
  /** The same of kinds of message; empty where they have no names. */
  readonly kinds: readonly KindOnPage[];
}

/** What the page can ask of the run. */
export interface ControlsOnPage {
  /** Milliseconds from a request to the first instant that an action can have. */
  readonly leadMs: number;
  /** Whether the service is the embedded IoT Core, whose faults can be changed. */
  readonly isRehearsal: boolean;
  /** Settings of actions that can be issued, as of `stampede set`. */
  readonly settings: readonly SettingOnPage[];
  /** Presets of the devices' network. */
  readonly networks: readonly string[];
}

/** A setting of an action. */
export interface SettingOnPage {
  readonly name: string;
  /** A value that it takes. */
  readonly takes: string;
  /** What it changes, in sentences. */
  readonly meaning: string;
}

/** Answer to a request of an action. */
export interface ActionAnswerOnPage {
  /** What happens and when. Absent: it was refused. */
  readonly accepted?: string;
  /** Sentences on what was accepted. */
  readonly notes: readonly string[];
  /** Why it was refused, as sentences. */
  readonly problems: readonly string[];
}

/** What a kind of message is to come to. */
export interface KindOnPage {
  /** Its device group; absent in a flat profile. */
  readonly group?: string;
  readonly name: string;
  readonly messages: number;
  readonly acknowledged: boolean;
}

/** What a device group is to come to. */
export interface GroupOnPage {
  readonly name: string;
  readonly devices: number;
  readonly messages: number;
  /** Whether its publishes are acknowledged at all. */
  readonly acknowledged: boolean;
}

export interface QuotaOnPage {
  readonly name: string;
  readonly unit: string;
  readonly limit: number;
  /** Which counter of a second uses it. */
  readonly usedBy: 'published' | 'connects' | 'connected';
}

export interface ViewOnPage {
  /** The phase as the page shows it: `publishing`. */
  readonly phase: string;
  /** Share of the run's time that is over, 0–1. */
  readonly elapsedShare: number;
  /** `12 s left`; empty if unknown. */
  readonly timeLeft: string;
  readonly connected: number;
  readonly connectFailed: number;
  /** Users that the plan has at the end of the last second that all slices have reported; null where no group has users. */
  readonly plannedUsers: number | null;
  /** Whether slices still send by the schedule: otherwise there is no rate. */
  readonly isPublishing: boolean;
  readonly endToEndP99Ms: number | null;
  readonly messages: LiveMessages;
  readonly fleet: FleetTotals;
  /** Absent: the run does not search. */
  readonly search?: SearchOnPage;
  /** Actions of the run so far, planned ones included, by their instants. */
  readonly marks: readonly PlotMark[];
  readonly run: RunView;
}

/** A search that goes on. */
export interface SearchOnPage {
  /** What it does now, and between which levels its answer is. */
  readonly figures: readonly string[];
  /** Those that are judged, in the order of time. */
  readonly holds: readonly HoldTexts[];
}

export interface EndOnPage {
  /** Absent: it left no report. */
  readonly verdict?: Verdict;
  /** Why there is no report; absent: there is one. */
  readonly reason?: string;
}

/** Answer to a profile that is checked while it is typed. */
export interface CheckOnPage {
  readonly problems: readonly { readonly path: string; readonly message: string; readonly hint?: string }[];
  /** Why it would be refused unless forced. */
  readonly refusals: readonly { readonly path: string; readonly message: string; readonly hint?: string }[];
  /** What the plan comes to; empty where there are errors. */
  readonly brief: readonly (readonly [what: string, text: string])[];
}
