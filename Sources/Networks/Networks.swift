// Networks: to be written.
import Linux
