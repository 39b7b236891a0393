// A CSMS made of the npm package ocpp-ts. It validates the calls of the charge point, not its answers.
//
//     node ocpp_ts_csms.mjs FOLDER_WITH_NODE_MODULES

import http from 'node:http';

import { answers, load, report, serve } from './csms_lines.mjs';

// The package has no access to its HTTP server, whose port is needed here.
const servers = [];
const createServer = http.createServer;
http.createServer = (...given) => {
    servers.push(createServer(...given));
    return servers[0];
};

const { OcppServer } = load('ocpp-ts');
const { Protocol } = load('ocpp-ts/dist/src/impl/Protocol.js');

// The package reports a frame that is no OCPP-J only to console.error.
console.error = (...words) => report({ problem: words.join(' ') });
const { callError } = Protocol.prototype;
Protocol.prototype.callError = function reportedCallError(messageId, error) {
    report({ problem: `CALLERROR to the device: ${error.code} ${error.message} ${JSON.stringify(error.details)}` });
    return callError.call(this, messageId, error);
};

let station = null;
const server = new OcppServer();
server.on('connection', (client) => {
    station = client;
    for (const [action, answer] of Object.entries(answers)) {
        client.on(action, (payload, reply) => {
            reply(answer());
            report({ took: [action, payload] });
        });
    }
});
server.listen({ port: 0, host: '127.0.0.1' });
await new Promise((listening) => { servers[0].once('listening', listening); });
await serve(servers[0].address().port, (action, payload) => station.callRequest(action, payload));
