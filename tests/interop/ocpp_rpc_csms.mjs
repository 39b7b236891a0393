// A CSMS made of the npm package ocpp-rpc in strict mode.
//
//     node ocpp_rpc_csms.mjs FOLDER_WITH_NODE_MODULES

import { answers, load, report, serve } from './csms_lines.mjs';

const { RPCServer } = load('ocpp-rpc');

let station = null;
const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true });
server.on('client', (client) => {
    station = client;
    for (const [action, answer] of Object.entries(answers)) client.handle(action, answer);
    // Strict mode has validated the call and its answer before.
    client.on('response', ({ outbound, payload }) => {
        if (payload[0] === 4) report({ problem: `CALLERROR ${outbound ? 'to' : 'from'} the device: ${JSON.stringify(payload)}` });
    });
    const calls = new Map();
    client.on('call', ({ outbound, payload }) => {
        if (outbound) return;
        if (calls.size > 0) report({ problem: `${JSON.stringify(payload)} while another CALL is open` });
        calls.set(payload[1], [payload[2], payload[3]]);
    });
    client.on('response', ({ outbound, payload }) => {
        const call = calls.get(payload[1]);
        if (!outbound || !call) return;
        calls.delete(payload[1]);
        if (payload[0] === 3) report({ took: call });
    });
    client.on('strictValidationFailure', ({ method, error, outbound, isCall }) => report({
        problem: `strict mode: ${method} ${isCall ? 'request' : 'answer'} ${outbound ? 'to' : 'from'} the device: `
            + `${error.message} ${JSON.stringify(error.details ?? {})}`,
    }));
    client.on('badMessage', ({ buffer, error }) => report({ problem: `bad message ${buffer}: ${error.message}` }));
});

const listening = await server.listen(0, '127.0.0.1');
await serve(listening.address().port, (action, payload) => station.call(action, payload));
