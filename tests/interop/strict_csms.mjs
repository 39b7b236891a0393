// A CSMS made of the npm package ocpp-rpc in strict mode. Talks to the test in lines of JSON:
// out: {"url"}, {"took": [action, payload]}, {"number", "result"} or {"number", "error"}, {"problem"};
// in: {"number", "action", "payload"}. The end of its input ends it.
//
//     node strict_csms.mjs FOLDER_WITH_NODE_MODULES

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { RPCServer } = createRequire(`${process.argv[2]}/`)('ocpp-rpc');

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const now = () => new Date().toISOString();

let transactions = 0;
const answers = {
    BootNotification: () => ({ status: 'Accepted', currentTime: now(), interval: 1 }),
    Heartbeat: () => ({ currentTime: now() }),
    StatusNotification: () => ({}),
    Authorize: () => ({ idTagInfo: { status: 'Accepted' } }),
    StartTransaction: () => ({ transactionId: ++transactions, idTagInfo: { status: 'Accepted', expiryDate: now() } }),
    MeterValues: () => ({}),
    StopTransaction: () => ({ idTagInfo: { status: 'Accepted' } }),
};

let station = null;
const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true });
server.on('client', (client) => {
    station = client;
    for (const [action, answer] of Object.entries(answers)) client.handle(action, answer);
    // Strict mode has judged the call and its answer by then.
    client.on('response', ({ outbound, payload }) => {
        if (payload[0] === 4) tell({ problem: `CALLERROR ${outbound ? 'to' : 'from'} the device: ${JSON.stringify(payload)}` });
    });
    const calls = new Map();
    client.on('call', ({ outbound, payload }) => {
        if (outbound) return;
        if (calls.size > 0) tell({ problem: `${JSON.stringify(payload)} while another CALL is open` });
        calls.set(payload[1], [payload[2], payload[3]]);
    });
    client.on('response', ({ outbound, payload }) => {
        const call = calls.get(payload[1]);
        if (!outbound || !call) return;
        calls.delete(payload[1]);
        if (payload[0] === 3) tell({ took: call });
    });
    client.on('strictValidationFailure', ({ method, error, outbound, isCall }) => tell({
        problem: `strict mode: ${method} ${isCall ? 'request' : 'answer'} ${outbound ? 'to' : 'from'} the device: `
            + `${error.message} ${JSON.stringify(error.details ?? {})}`,
    }));
    client.on('badMessage', ({ buffer, error }) => tell({ problem: `bad message ${buffer}: ${error.message}` }));
});

const listening = await server.listen(0, '127.0.0.1');
tell({ url: `ws://127.0.0.1:${listening.address().port}/ocpp` });

for await (const line of createInterface({ input: process.stdin })) {
    const { number, action, payload } = JSON.parse(line);
    station.call(action, payload).then(
        (result) => tell({ number, result }),
        (error) => tell({ number, error: `${error.rpcErrorCode ?? error.name}: ${error.message}` }),
    );
}
process.exit(0);
