// Volumes: to be written.
import Linux
