// A CSMS made of the npm package ocpp-rpc in strict mode, which validates payloads against the schemas, too.
//
//     node ocpp_rpc_csms.mjs FOLDER_WITH_NODE_MODULES

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { RPCServer } = createRequire(`${process.argv[2]}/`)('ocpp-rpc');
const now = () => new Date().toISOString();

const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true });
server.on('client', (client) => {
    client.handle('BootNotification', () => ({ status: 'Accepted', currentTime: now(), interval: 300 }));
    client.handle('Heartbeat', () => ({ currentTime: now() }));
    client.handle('MeterValues', () => ({}));
});
const listening = await server.listen(0, '127.0.0.1');
console.log(`ready ws://127.0.0.1:${listening.address().port}/CP-1`);
for await (const _ of createInterface({ input: process.stdin })) {
    const { user, system } = process.cpuUsage();
    console.log(`cpu ${(user + system) / 1e6}`);
}
