// Netlink: to be written.
import Linux
