// A charge point made of the npm package ocpp-rpc in strict mode. It boots, charges and answers one TriggerMessage.
//
//     node ocpp_rpc_station.mjs FOLDER_WITH_NODE_MODULES URL IDENTITY PROTOCOL
//
// out: {"problem"} for each violation that the package finds in messages of either side, and {"done": true} at the end.

import { load, report } from './csms_lines.mjs';

const { RPCClient } = load('ocpp-rpc');
const [, , , endpoint, identity, protocol] = process.argv;
const at = (minute) => `2026-01-01T00:0${minute}:00Z`;

const client = new RPCClient({ endpoint, identity, protocols: [protocol], strictMode: true });
client.on('strictValidationFailure', ({ method, error, outbound, isCall }) => report({
    problem: `strict mode: ${method} ${isCall ? 'request' : 'answer'} ${outbound ? 'to' : 'from'} the CSMS: `
        + `${error.message} ${JSON.stringify(error.details ?? {})}`,
}));
client.on('badMessage', ({ buffer, error }) => report({ problem: `bad message ${buffer}: ${error.message}` }));
const triggered = new Promise((resolve) => {
    client.handle('TriggerMessage', ({ params }) => {
        resolve(params.requestedMessage);
        return { status: 'Accepted' };
    });
});

async function charge16() {
    const boot = { chargePointVendor: 'Vendor', chargePointModel: 'Model' };
    const status = (value) => client.call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: value });
    await client.call('BootNotification', boot);
    await status('Available');
    await client.call('Authorize', { idTag: 'CARD' });
    const start = { connectorId: 1, idTag: 'CARD', meterStart: 0, timestamp: at(0) };
    const { transactionId } = await client.call('StartTransaction', start);
    const sampledValue = [{ value: '10', unit: 'Wh' }];
    await client.call('MeterValues', { connectorId: 1, transactionId, meterValue: [{ timestamp: at(1), sampledValue }] });
    await client.call('StopTransaction', { transactionId, meterStop: 30, timestamp: at(2), reason: 'Local' });
}

async function charge201() {
    const boot = { reason: 'PowerUp', chargingStation: { vendorName: 'Vendor', model: 'Model' } };
    const status = { timestamp: at(0), connectorStatus: 'Available', evseId: 1, connectorId: 1 };
    const idToken = { idToken: 'CARD', type: 'ISO14443' };
    await client.call('BootNotification', boot);
    await client.call('StatusNotification', status);
    await client.call('Authorize', { idToken });
    for (const [seqNo, eventType] of ['Started', 'Updated', 'Ended'].entries()) {
        const meterValue = [{ timestamp: at(seqNo), sampledValue: [{ value: 15 * seqNo }] }];
        await client.call('TransactionEvent', {
            eventType, timestamp: at(seqNo), triggerReason: 'MeterValuePeriodic', seqNo, meterValue,
            transactionInfo: { transactionId: 'T-1' }, ...(seqNo === 0 ? { idToken } : {}),
        });
    }
}

await client.connect();
await (protocol === 'ocpp1.6' ? charge16() : charge201());
await triggered;
await client.call('Heartbeat', {});
await client.close();
report({ done: true });
