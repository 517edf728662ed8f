import { expect, it } from '@jest/globals';
import { fillInColumns } from '../../../src/profile/csv-columns.ts';
import type { JsonValue } from '../../../src/profile/load-profile.ts';
import { parsePayloadTemplate } from '../../../src/profile/payload-template.ts';

const devices = 'serial,site,weight\r\nA1,"Hall, 2",1.5\r\nA\'2,"say ""hi""\nthere",-2\r\n';

it('puts columns into a payload: texts or numbers, by device or by message', () => {
  const payload = {
    id: "{{csv('serial')}}",
    at: 'in {{ csv("site") }}',
    w: ["{{csv('weight')}}"],
    v: "{{csv('v')}}",
  };
  const { payload: filled, errors } = fillInColumns(payload, { devices, values: 'v\n7\n08' }, 'p');
  expect(errors).toEqual([]);
  expect(filled).toEqual({
    id: "{{perDevice('A1', 'A\\'2')}}",
    at: "in {{perDevice('Hall, 2', 'say \"hi\"\nthere')}}",
    w: ['{{perDevice(1.5, -2)}}'],
    v: "{{perMessage('7', '08')}}",
  });
  const { template, errors: malformed } = parsePayloadTemplate((filled as typeof payload).at);
  expect(malformed).toEqual([]);
  expect(template).toMatchObject({
    kind: 'text',
    parts: ['in ', { name: 'choice', by: 'device', values: ['Hall, 2', 'say "hi"\nthere'] }],
  });
});

it('names every error, with its line', () => {
  const { errors } = fillInColumns(
    { a: ["{{csv('serail')}}"] },
    { devices: `${devices}\r\nB1,x\r\nB2,x,1,2`, values: 'serial\n' },
    'publish.payload',
  );
  expect(errors.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'publish.csv.devices: line 6 has 2 cells, and the first line has 3',
    'publish.csv.devices: line 7 has 4 cells, and the first line has 3',
    'publish.csv.values: has no row after its first line',
    'publish.csv.values: has the column serial, which is there already',
    'publish.payload.a[0]: "serail" is no column of publish.csv',
  ]);
  expect(fillInColumns('', { devices: 'x'.repeat(200_000) }, 'p').errors).toHaveLength(1);
});

it('does not look for columns where they are not known', () => {
  const errorsOf = (texts: object) =>
    fillInColumns({ a: "{{csv('kWh')}}" }, texts, 'publish.payload').errors.map(
      ({ path, message, hint }) => `${path}: ${message}; ${hint}`,
    );
  expect(errorsOf({ isIncomplete: true })).toEqual([]);
  expect(errorsOf({ devices: 'kWh;x\n1,5;2\n' })).toEqual([
    'publish.csv.devices: has semicolons between its columns; divide columns by commas',
  ]);
  expect(errorsOf({ values: 'kWh\tx\n1\t2\n' })).toEqual([
    'publish.csv.values: has tabs between its columns; divide columns by commas',
  ]);
  expect(errorsOf({})).toEqual([
    expect.stringMatching(
      /^publish\.payload\.a: takes the column kWh, and publish\.csv names no file; name one/,
    ),
  ]);
});

it('leaves no call behind that would be an error of its own', () => {
  const { payload } = fillInColumns({ a: "{{csv('a')}} b" }, {}, 'p');
  expect(parsePayloadTemplate(payload as JsonValue).errors).toEqual([]);
});
