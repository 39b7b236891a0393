#pragma once

// lwIP: the lock of its core.

void sys_lock_tcpip_core();
void sys_unlock_tcpip_core();
#define LOCK_TCPIP_CORE() sys_lock_tcpip_core()
#define UNLOCK_TCPIP_CORE() sys_unlock_tcpip_core()
