"""What a test holds in its hands: each instrument works on one thing and tells the timeline what it sees."""
