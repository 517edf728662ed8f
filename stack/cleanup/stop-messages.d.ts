import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';

export function clearStopMessages(client: IoTDataPlaneClient, runIds: ReadonlySet<string>): Promise<void>;
export function sendStopMessage(client: IoTDataPlaneClient, runId: string): Promise<void>;
