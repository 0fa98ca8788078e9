"""Who owes which hours by law: what an enterprise does, who holds which post, and the periods that follow."""
