// Nftables: to be written.
import Linux
