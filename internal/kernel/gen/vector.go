package main

func vector() {}
