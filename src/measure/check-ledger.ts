import type { RunLedger } from './run-ledger.ts';

/** An equation of the ledger that does not hold. Nothing the run did can cause it: it is a fault of the measurement. */
export interface Imbalance {
  readonly equation: string;
  readonly left: number;
  readonly right: number;
}

/** The equations of docs/measurement.md; empty where every message is accounted for. */
export function checkLedger(ledger: RunLedger): readonly Imbalance[] {
  const { messages: m, slices, inconsistencies } = ledger;
  const equations: Imbalance[] = [
    {
      equation: 'intended = sent + dropped + not known',
      left: m.intended,
      right: m.sent + m.dropped + m.sendUnknown,
    },
    {
      equation: `sent = received + lost + not read yet + dead-lettered${m.unaccounted === 0 ? '' : ' + not accounted for'}`,
      left: m.sent,
      right: m.received + m.lost + m.notRead + m.deadLettered + m.unaccounted,
    },
    {
      equation: 'Σ dead-lettered by reason = dead-lettered',
      left: sumOf(ledger.deadLetteredBy),
      right: m.deadLettered,
    },
    { equation: 'arrivals = received + duplicates', left: m.arrivals, right: m.received + m.duplicates },
    { equation: 'messages that arrived unsent = 0', left: inconsistencies.receivedUnsent, right: 0 },
    {
      equation: 'slices whose counts differ from their sets = 0',
      left: inconsistencies.miscountedSlices,
      right: 0,
    },
    { equation: 'Σ dropped by reason = dropped', left: sumOf(ledger.droppedBy), right: m.dropped },
  ];
  if (ledger.acknowledged) {
    equations.push({
      equation: 'sent = acked + throttled + failed + unacknowledged + not known',
      left: m.sent,
      right: m.acked + m.throttled + m.failed + m.unacknowledged + m.ackUnknown,
    });
  }
  if (slices.completed === slices.planned) {
    equations.push({ equation: 'intended = planned', left: m.intended, right: ledger.plannedMessages });
  }
  const { planned, connected, unknown } = ledger.devices;
  if (connected + unknown > planned) {
    equations.push({
      equation: 'devices planned ≥ connected + not known',
      left: planned,
      right: connected + unknown,
    });
  }
  const broken = equations.filter(({ left, right }) => left !== right);
  if (m.duplicates < 0) {
    broken.push({ equation: 'arrivals ≥ received', left: m.arrivals, right: m.received });
  }
  return broken;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
