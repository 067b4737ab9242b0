// slip-doctor: what this machine can do for the course and the engine, and why not. Chapter 00, with the later chapters' own look-ups.
import ArgumentParser

Doctor.main()
